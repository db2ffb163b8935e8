import { SMTPStream } from "smtp-server/lib/smtp-stream.js";
import { readDotText } from "./smtp-dot-text.ts";

/** The library's parser with its reading of the text after DATA replaced by readDotText. */
export class DoorStream extends SMTPStream {
  #feed = readDotText();

  override startDataMode(maxBytes?: number | string | null) {
    this.#feed = readDotText();
    return super.startDataMode(maxBytes);
  }

  /**
   * The library's own version keeps a dot that begins a line unless a second one follows, and takes a dot
   * out after a lone LF: both change the letter (RFC 5321 §4.5.2). It also schedules a turn of the event
   * loop for each such dot.
   */
  override _feedDataStream(chunk: Buffer, done: (error?: Error | null) => void): void {
    const { text, endsAt } = this.#feed(chunk);
    if (text.length > 0) this._countDataBytes(text.length);
    if (endsAt !== -1) {
      this._endDataMode(text, chunk.subarray(endsAt), done);
      return;
    }
    const letter = this._dataStream;
    if (letter === null || text.length === 0 || !letter.writable || letter.write(text)) {
      done();
      return;
    }
    // The store is slower than the client: the client waits (a destroyed stream closes, never drains).
    const goOn = (): void => {
      letter.removeListener("drain", goOn);
      letter.removeListener("close", goOn);
      done();
    };
    letter.once("drain", goOn);
    letter.once("close", goOn);
  }
}
