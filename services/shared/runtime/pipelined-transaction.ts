import { Transaction } from "kysely";

/** What a transaction makes no use of: it neither connects nor begins others. */
const UNUSED = { config: {} as never, driver: {} as never, dialect: {} as never };

/**
 * The same transaction, to which statements go as they are asked for. kysely itself lends a transaction's connection to one
 * statement at a time: each would wait for the answer to the one before it, also where nobody needs that answer. The server
 * carries them out in the order in which they came.
 */
export function pipelined<Tables, Result>(
  transaction: Transaction<Tables>,
  work: (pipelined: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  const executor = transaction.getExecutor();
  return executor.provideConnection((connection) => {
    const open = executor.withConnectionProvider({ provideConnection: (consumer) => consumer(connection) });
    return work(new Transaction<Tables>({ ...UNUSED, executor: open }));
  });
}
