import type { Transaction } from "kysely";

/** Answers all asks with one statement. @returns the answers in the order of the asks */
type AnswerAll<Tables, Ask, Answer> = (
  transaction: Transaction<Tables>,
  asks: readonly Ask[],
) => Promise<readonly Answer[]>;

interface Gathering {
  readonly asks: unknown[];
  readonly waiting: { resolve(answer: unknown): void; reject(error: unknown): void }[];
}

/** What is asked of a transaction in this turn, by kind and in the order in which each kind was first asked for. */
const turns = new WeakMap<object, Map<unknown, Gathering>>();

/**
 * Makes one statement of what works that share a transaction (share-transactions.ts) ask for at once: twenty letters are looked
 * up as cheaply as one, for a statement costs both sides more than a row of it. Asks of one kind go together when they are made
 * in one turn, before anybody has to wait for an answer; kinds keep the order in which they were first asked for, so what is
 * locked and then read is read behind the lock. An ask by itself is a statement by itself.
 */
export function gathered<Tables, Ask, Answer>(
  answerAll: AnswerAll<Tables, Ask, Answer>,
): (transaction: Transaction<Tables>, ask: Ask) => Promise<Answer> {
  return (transaction, ask) =>
    new Promise<Answer>((resolve, reject) => {
      const turn = turns.get(transaction) ?? beginTurn(transaction);
      const gathering = turn.get(answerAll) ?? { asks: [], waiting: [] };
      turn.set(answerAll, gathering);
      gathering.asks.push(ask);
      gathering.waiting.push({ resolve: resolve as (answer: unknown) => void, reject });
    });
}

function beginTurn<Tables>(transaction: Transaction<Tables>): Map<unknown, Gathering> {
  const turn = new Map<unknown, Gathering>();
  turns.set(transaction, turn);
  // Behind everybody who can go on by himself.
  process.nextTick(() => {
    turns.delete(transaction);
    for (const [answerAll, { asks, waiting }] of turn) {
      (answerAll as AnswerAll<Tables, unknown, unknown>)(transaction, asks).then(
        (answers) => {
          for (const [index, { resolve }] of waiting.entries()) resolve(answers[index]);
        },
        (error: unknown) => {
          for (const { reject } of waiting) reject(error);
        },
      );
    }
  });
  return turn;
}
