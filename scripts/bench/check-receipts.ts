import { compactVerify, createLocalJWKSet } from "jose";
import type { ProgramClient } from "../../services/shared/testing/program-client.ts";

/** How many items of an inbox are asked for at once. */
const PAGE = 100;
const ACKNOWLEDGEMENTS_AT_ONCE = 10;

/**
 * The figures count only if the work was done: empties the inboxes as their programs do, and looks at every receipt there. Each
 * is signed by a published key and speaks of a letter that was handed in, each letter has one, and their numbers are 1, 2, 3 …
 * without a gap.
 * @throws Error that says what is wrong
 */
export async function checkReceipts(
  { programs }: { readonly programs: ReadonlyMap<string, ProgramClient> },
  intakeIds: readonly string[],
): Promise<void> {
  const numbers = new Set<number>();
  const owing = new Set(intakeIds);
  for (const program of programs.values()) {
    const keys = createLocalJWKSet((await program.ask("/.well-known/jwks.json")).body);
    for (;;) {
      const { status, body } = await program.api(`/inbox?limit=${PAGE}`);
      if (status !== 200) throw new Error(`an inbox was answered ${status}`);
      if (body.items.length === 0) break;
      for (const { kind, receipt } of body.items) {
        const { payload, protectedHeader } = await compactVerify(receipt.jws, keys, {
          algorithms: ["EdDSA"],
        });
        const said = JSON.parse(new TextDecoder().decode(payload));
        if (kind !== "receipt" || said.type !== "registered" || protectedHeader.typ !== "saraban-receipt+jws")
          throw new Error(`an item of an inbox is ${kind}, ${said.type}`);
        if (said.message.intakeId !== receipt.letterId || !owing.delete(receipt.letterId))
          throw new Error(
            `a receipt speaks of ${said.message.intakeId}, which nobody handed in, or speaks of it twice`,
          );
        numbers.add(said.register.number);
      }
      await acknowledge(program, body.items);
    }
  }
  if (owing.size > 0) throw new Error(`${owing.size} letters have no receipt`);
  if (numbers.size !== intakeIds.length || Math.max(...numbers) !== intakeIds.length)
    throw new Error(`${intakeIds.length} letters have ${numbers.size} numbers up to ${Math.max(...numbers)}`);
}

async function acknowledge(program: ProgramClient, items: readonly { readonly id: string }[]): Promise<void> {
  const left = [...items];
  const worker = async (): Promise<void> => {
    for (let item = left.pop(); item; item = left.pop()) {
      const { status } = await program.api(`/inbox/${item.id}/acknowledge`, { method: "POST" });
      if (status !== 200) throw new Error(`an acknowledgement was answered ${status}`);
    }
  };
  await Promise.all(Array.from({ length: ACKNOWLEDGEMENTS_AT_ONCE }, worker));
}
