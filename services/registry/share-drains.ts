import type { Drained } from "./register-letter.ts";

/** A book that was begun to be drained so recently is let fill up first: each drain costs the same, of one letter or of ten. */
const PAUSE_MS = 40;

interface Book {
  /** The drain that has not begun yet, and will see what is there by then. */
  next: Promise<Drained> | undefined;
  running: Promise<unknown>;
  /** performance.now() of the last one that began. */
  begunAtMs: number;
}

/**
 * Lets the wake-ups of a book share its drains, one after the other. Two at once would wait for each other at the book's lock,
 * and the second would find nothing. A letter that comes by itself is drained at once; of letters that come one after the
 * other each waits for the next turn, with those beside it.
 * @returns as `drain`; whoever joins one that is about to begin is told what became of that
 */
export function sharingDrains(
  drain: (agencyId: string, bookId: string) => Promise<Drained>,
  pauseMs = PAUSE_MS,
): (agencyId: string, bookId: string) => Promise<Drained> {
  const books = new Map<string, Book>();

  const inTurn = async (book: Book, agencyId: string, bookId: string): Promise<Drained> => {
    await book.running.catch(() => {}); // told to those who wait for it
    const waitMs = book.begunAtMs + pauseMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => void setTimeout(resolve, waitMs));
    book.next = undefined;
    book.begunAtMs = performance.now();
    const drained = drain(agencyId, bookId);
    book.running = drained;
    return drained;
  };

  return (agencyId, bookId) => {
    const book = books.get(bookId) ?? {
      next: undefined,
      running: Promise.resolve(),
      begunAtMs: Number.NEGATIVE_INFINITY,
    };
    books.set(bookId, book);
    book.next ??= inTurn(book, agencyId, bookId);
    return book.next;
  };
}
