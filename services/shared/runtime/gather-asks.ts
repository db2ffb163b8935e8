import type { Transaction } from "kysely";

/** In this order what is asked for in one turn is carried out, whoever asks first. */
const STEPS = ["lock", "look", "write", "end"] as const;
type Step = (typeof STEPS)[number];

/** Answers all asks with one statement. @returns the answers in the order of the asks */
type AnswerAll<Tables, Ask, Answer> = (
  transaction: Transaction<Tables>,
  asks: readonly Ask[],
) => Promise<readonly Answer[]>;

interface Gathering {
  readonly step: Step;
  readonly asks: unknown[];
  readonly waiting: { resolve(answer: unknown): void; reject(error: unknown): void }[];
}

/** What is asked of a transaction in this turn, by kind. */
const turns = new WeakMap<object, Map<unknown, Gathering>>();

/**
 * Makes one statement of what works that share a transaction (share-transactions.ts) ask for at once: twenty letters are looked
 * up as cheaply as one, for a statement costs both sides more than a row of it. Asks of one kind go together when they are made
 * in one turn, before anybody has to wait for an answer. What is locked in a turn is locked before anything is looked up in it,
 * and so on (STEPS); of what belongs to one step no kind may lean on another. An ask by itself is a statement by itself.
 */
export function gathered<Tables, Ask, Answer>(
  step: Step,
  answerAll: AnswerAll<Tables, Ask, Answer>,
): (transaction: Transaction<Tables>, ask: Ask) => Promise<Answer> {
  return (transaction, ask) =>
    new Promise<Answer>((resolve, reject) => {
      const turn = turns.get(transaction) ?? beginTurn(transaction);
      const gathering = turn.get(answerAll) ?? { step, asks: [], waiting: [] };
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
    const kinds = [...turn].sort(([, a], [, b]) => STEPS.indexOf(a.step) - STEPS.indexOf(b.step));
    for (const [answerAll, { asks, waiting }] of kinds) {
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
