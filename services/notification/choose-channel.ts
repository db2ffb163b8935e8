import { ecmsFormOf } from "./ecms/ecms-channel.ts";
import type { Notice, NoticeChannel, NoticeKind } from "./notice-store.ts";
import type { NoticeSubject } from "./subject-store.ts";

/** How the sender of an arrival is told, and where. */
export interface NoticeWay {
  readonly channel: NoticeChannel;
  /** As of notice.recipient. */
  readonly recipient: string;
}

/**
 * By the way that the letter came: mail is answered by mail; what a client handed in, in its inbox; what came by e-CMS, at the
 * node of its sender where that is known, else where the sender's program fetches from us.
 */
export function senderWay(
  subject: Pick<
    NoticeSubject,
    | "channel"
    | "clientId"
    | "closedClient"
    | "hasSendersNode"
    | "hasOwnNode"
    | "senderOffice"
    | "senderDomain"
    | "mailFrom"
  >,
): NoticeWay {
  const { clientId, closedClient, hasSendersNode, hasOwnNode, senderOffice, senderDomain, mailFrom } =
    subject;
  // Of a classified letter nobody hears but the program that handed it in, and it fetches here.
  if (closedClient !== null)
    return closedClient === ""
      ? { channel: "mail", recipient: "" }
      : { channel: "inbox", recipient: closedClient };
  // What was fetched from the node that the agency uses is answered there: whose letter it is, that node knows.
  const isByNode = hasSendersNode || (clientId === null && hasOwnNode);
  if (subject.channel === "ecms" && isByNode)
    return { channel: "ecms", recipient: senderOffice ?? senderDomain ?? "" };
  if (clientId !== null) return { channel: "inbox", recipient: clientId };
  return { channel: "mail", recipient: mailFrom };
}

/** @returns a code of the reason why a notice cannot go out this way; null when it can */
export function reasonOfChannel(channel: NoticeChannel, kind: NoticeKind): string | null {
  // e-CMS has words for what becomes of a letter, and none for what becomes of its line afterwards.
  return channel === "ecms" && ecmsFormOf(kind, null) === null ? "no-notifier" : null;
}

/**
 * Of the notices to a node only the first that is due: an AcceptLetterNotifier that overtakes the ReceiveLetterNotifier, or its
 * own correction, would be unsaid by it at the other side (there is no time in either).
 * @param notices in the order of their promise
 */
export function oneToNode(notices: readonly Notice[]): Notice[] {
  const isWaiting = ({ channel, state }: Notice) => channel === "ecms" && state === "due";
  const waiting = notices.filter(isWaiting);
  const first = waiting.find(({ kind }) => kind === "arrival") ?? waiting[0];
  return notices.filter((notice) => !isWaiting(notice) || notice === first);
}
