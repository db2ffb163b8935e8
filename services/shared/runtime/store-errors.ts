/**
 * Why bytes could not be kept. `no-space`: the disk or a quota is full; `too-large`: past the limit the
 * caller gave; `damaged`: what stands under that hash has another size; `unavailable`: anything else (EIO).
 */
export type StoreFault = "no-space" | "too-large" | "damaged" | "unavailable";

export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly fault: StoreFault;

  constructor(fault: StoreFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}

const fullDiskCodes = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** Turns an error of the file system into ours, keeping it as the cause. */
export function storeErrorOf(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const code = (error as NodeJS.ErrnoException | null)?.code ?? "";
  return fullDiskCodes.has(code)
    ? new StoreError("no-space", "no room in the store", { cause: error })
    : new StoreError("unavailable", "the store failed", { cause: error });
}
