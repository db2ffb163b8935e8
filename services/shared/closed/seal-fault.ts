/**
 * Why sealed octets give nothing. not-sealed: they are not in this form; wrong-key: sealed under another key, or for another
 * letter, part or use; damaged: changed, cut off, put in another order or added to.
 */
export type SealFaultKind = "not-sealed" | "wrong-key" | "damaged";

/** Never holds a word of what was sealed. */
export class SealFault extends Error {
  override readonly name = "SealFault";
  readonly fault: SealFaultKind;

  constructor(fault: SealFaultKind, message: string) {
    super(message);
    this.fault = fault;
  }
}
