import type { Notifier } from "../../shared/ecms/message.ts";
import type { Said } from "./notifier-store.ts";
import type { RecipientNews } from "./recipient-event-store.ts";

/** What a notifier makes known of our letter. */
export type NotifierNews = Pick<RecipientNews, "what" | "proof" | "details">;

type Answering = Exclude<Notifier["type"], "InvalidAcceptIDNotifier">;

const MEANS = {
  ReceiveLetterNotifier: "arrived",
  AcceptLetterNotifier: "registered",
  RejectLetterNotifier: "rejected",
  InvalidLetterNotifier: "invalid",
} as const satisfies Record<Answering, RecipientNews["what"]>;

const REGISTERED: ReadonlySet<string> = new Set(["registered", "corrected", "handed-over", "cancelled"]);
const GIVEN_BACK: ReadonlySet<string> = new Set(["rejected", "refused", "invalid"]);

/**
 * ส่งแล้ว → ปลายทางได้รับ → ปลายทางส่งเลขรับ, or given back until it is sent again; after a number only another number. The same
 * notifier comes again when its answer was lost, and says nothing new then.
 * @param said what the office has said of the letter since it was last sent, oldest first
 * @param isTheirs whether it came from the office itself, or from the node that passes on what it says
 * @returns null when nothing new became known
 */
export function newsOfNotifier(
  notifier: Notifier,
  said: readonly Said[],
  isTheirs: boolean,
): NotifierNews | null {
  const { type } = notifier;
  if (type === "InvalidAcceptIDNotifier") return null;
  const what = MEANS[type];
  const details = { letterNumber: notifier.letterId?.slice(0, 200) ?? null, ...datesOf(notifier) };
  const registered = said.findLast((one) => REGISTERED.has(one.what));
  const proof = isTheirs ? "client" : "claim";
  switch (what) {
    case "arrived":
      return said.length > 0 && isTheirs ? null : { what, proof, details };
    case "registered": {
      const number = numberOf(notifier.acceptId);
      // Its whole meaning is the number.
      if (number === null) return { what: "answered", proof, details };
      const isSame = registered !== undefined && saysNumber(registered, number);
      if (isSame && !GIVEN_BACK.has(said.at(-1)?.what ?? "")) return null;
      const isOther = registered !== undefined && !isSame;
      return { what: isOther ? "corrected" : what, proof, details: { ...details, ...number } };
    }
    default:
      if (said.at(-1)?.what === what && isTheirs) return null;
      // A letter that has its number there is not given back by this protocol: somebody has to ask.
      return {
        what,
        proof: registered === undefined ? proof : "claim",
        details: registered === undefined ? details : { ...details, reason: "after-accept" },
      };
  }
}

interface ReceiveNumber {
  readonly receiveNumber: string;
  readonly receiveYear?: number;
}

const LONGEST_NUMBER = 100;

/** 12/2569 as other installations of this service write it, and many more; else as it stands. */
function numberOf(acceptId: string | null): ReceiveNumber | null {
  const text = (acceptId ?? "").trim();
  if (text === "") return null;
  const [, receiveNumber, year] = /^([0-9๐-๙]{1,9})\/(2[45][0-9]{2}|๒[๔๕][๐-๙]{2})$/.exec(text) ?? [];
  return receiveNumber === undefined || year === undefined
    ? { receiveNumber: text.slice(0, LONGEST_NUMBER) }
    : { receiveNumber: arabic(receiveNumber), receiveYear: Number(arabic(year)) };
}

/** ๑๒ as 12. */
export function arabic(text: string): string {
  return text.replace(/[๐-๙]/g, (digit) => String(digit.charCodeAt(0) - "๐".charCodeAt(0)));
}

function saysNumber({ details }: Said, { receiveNumber, receiveYear }: ReceiveNumber): boolean {
  const [number, year] = [details["receiveNumber"], details["receiveYear"]];
  if (number === undefined || String(number) !== receiveNumber) return false;
  return receiveYear === undefined || year === undefined || year === receiveYear;
}

/** When it was registered there, where the node has said so with a time: in Thailand, and without a zone. */
function datesOf({ type, acceptDate }: Notifier): { readonly registeredAt?: string } {
  const local = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}(?::\d{2})?)$/.exec(acceptDate ?? "");
  if (type !== "AcceptLetterNotifier" || local === null) return {};
  const at = new Date(`${local[1]}T${local[2]}+07:00`);
  return Number.isNaN(at.getTime()) ? {} : { registeredAt: at.toISOString() };
}
