import { RECIPIENT_EVENTS } from "../../shared/letter/outbound.ts";

/** Header fields of each call (Standard Webhooks, signed with the keys at /.well-known/jwks.json). */
const FIELDS = {
  "webhook-id": "The same when a call is made again",
  "webhook-timestamp": "Seconds since 1970 (UTC)",
  "webhook-signature": "v1a, and the Ed25519 signature in base64 over ID.TIMESTAMP.BODY",
  "saraban-key-id": "Which key has signed",
} as const;

function called(operationId: string, th: string, en: string, types: readonly string[], data: object): object {
  return {
    post: {
      operationId,
      summary: `${th} (${en})`,
      tags: ["inbox"],
      description:
        "Registered by the administrator (saraban webhook add). 2xx takes it; 4xx but for 408, 425 and 429 is not tried again, all else for five days. Calls about one letter come in order.",
      parameters: Object.entries(FIELDS).map(([name, description]) => ({
        name,
        in: "header",
        description,
        required: true,
        schema: { type: "string" },
      })),
      requestBody: {
        required: true,
        content: {
          "application/json": {
            schema: {
              type: "object",
              required: ["type", "timestamp", "data"],
              properties: { type: { enum: types }, timestamp: { type: "string", format: "date-time" }, data },
            },
          },
        },
      },
      responses: {
        200: { description: "Taken" },
        410: { description: "Not wanted: not tried again" },
      },
      security: [],
    },
  };
}

/** What this installation posts to programs of an agency, for the document; services/notification/webhook makes the calls. */
export function webhookObjects(): Record<string, object> {
  return {
    receiptIssued: called("onReceiptIssued", "ออกใบตอบรับแล้ว", "A receipt was issued", ["receipt.issued"], {
      type: "object",
      required: ["evidence", "jws"],
      properties: { evidence: { $ref: "#/components/schemas/Evidence" }, jws: { type: "string" } },
    }),
    recipientNews: called(
      "onRecipientNews",
      "ความคืบหน้าของหนังสือส่งออกที่ผู้รับ",
      "Something became known of a letter of the agency's own at a recipient",
      RECIPIENT_EVENTS.map((what) => `recipient.${what}`),
      {
        type: "object",
        required: ["eventId", "recipientId", "letterId", "what", "source", "proof", "happenedAt"],
        properties: {
          eventId: { type: ["string", "integer"] },
          recipientId: { type: "string", format: "uuid" },
          letterId: { type: "string", format: "uuid" },
          what: { enum: RECIPIENT_EVENTS },
          source: { type: "string" },
          proof: { enum: ["signature", "own", "token", "client", "clerk", "claim"] },
          evidenceId: { type: ["string", "null"], format: "uuid" },
          happenedAt: { type: "string", format: "date-time" },
        },
      },
    ),
  };
}
