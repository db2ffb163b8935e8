import { newSigningKey, publicHalf } from "../shared/letter/evidence/sign-evidence.ts";
import { testPlants } from "./testing/plants.ts";

const foreign = publicHalf((await newSigningKey()).privateKey);

testPlants("receipts", [
  {
    fault: "signature-wrong",
    how: "a signature of somebody else",
    at: ({ receipt }) => receipt.first,
    sql: ({ receipt }) =>
      `update receipt set jws = left(jws, -86) || repeat('A', 86) where id = '${receipt.first}'`,
  },
  {
    fault: "signature-wrong",
    how: "another key's row",
    at: ({ receipt }) => receipt.refused,
    sql: ({ receipt }) => `
      insert into signing_key (kid, jwk, made_at) values ('foreign', '${JSON.stringify(foreign)}', now());
      update receipt set kid = 'foreign' where id = '${receipt.refused}'`,
  },
  {
    fault: "facts-differ",
    at: ({ receipt }) => receipt.first,
    sql: ({ receipt }) =>
      `update receipt set facts = jsonb_set(facts, '{letter,number}', '"นร 1200/99"') where id = '${receipt.first}'`,
  },
  {
    fault: "columns-differ",
    how: "another code",
    at: ({ receipt }) => receipt.first,
    sql: ({ receipt }) => `update receipt set code = '0000000000000000' where id = '${receipt.first}'`,
  },
  {
    fault: "columns-differ",
    how: "another time",
    at: ({ receipt }) => receipt.refused,
    sql: ({ receipt }) =>
      `update receipt set made_at = made_at - interval '1 ms' where id = '${receipt.refused}'`,
  },
  {
    fault: "arrival-differs",
    at: ({ receipt }) => receipt.refused,
    sql: ({ letter }) =>
      `update intake set arrived_at = arrived_at - interval '1 ms' where id = '${letter.refused}'`,
  },
  {
    fault: "replaced-missing",
    at: ({ receipt }) => receipt.corrected,
    sql: ({ receipt }) => `delete from receipt where id = '${receipt.third}'`,
  },
  {
    fault: "receipt-repeated",
    at: ({ receipt }) => receipt.again,
    sql: ({ receipt }) => `delete from receipt where id = '${receipt.corrected}'`,
  },
  {
    fault: "line-differs",
    at: ({ receipt }) => receipt.first,
    sql: ({ letter }) =>
      `update entry set registered_at = '2026-05-01T02:59:59Z' where intake_id = '${letter.first}'`,
  },
]);
