import { askNode, type NodeSaid } from "../../shared/ecms/ask-node.ts";
import { NodeCallFailed, type NodeLimits, type SoapMessage } from "../../shared/ecms/post-soap.ts";
import {
  type Addressed,
  documentDeleteRequest,
  messageIdAt,
  notifierRequest,
} from "../../shared/ecms/write-soap.ts";
import type { EcmsNode } from "../../shared/letter/directory.ts";
import { inTransaction } from "../../shared/runtime/database.ts";
import type { Destinations } from "../mail/destinations.ts";
import { oneLine } from "../mail/judge-error.ts";
import type { SendResult } from "../mail/mail-transport.ts";
import type { Notice } from "../notice-store.ts";
import type { LetterNoticeFacts, RecallNoticeFacts } from "../outbound/letter-facts.ts";
import { openerOf, type SentFiles } from "../outbound/open-sent-file.ts";
import { type EcmsChannel, ecmsFormOf } from "./ecms-channel.ts";
import { letterMessage } from "./ecms-document.ts";
import { type EcmsRoute, findRouteBack, findRouteTo, type NamedLetter } from "./ecms-route-store.ts";
import { isNothingToDelete, resultOfAnswer } from "./judge-answer.ts";

/** What posting needs. */
export interface EcmsParts extends SentFiles {
  readonly limits: NodeLimits;
  readonly destinations: Destinations;
}

export function openEcmsChannel(parts: EcmsParts): EcmsChannel {
  const { database, destinations, limits } = parts;
  return {
    async post(notice) {
      const acting = { actor: "worker:notification", agencies: [notice.agencyId] } as const;
      const way = await inTransaction(database, acting, async (transaction) =>
        notice.intakeId === null
          ? findRouteTo(transaction, notice)
          : findRouteBack(transaction, notice.intakeId),
      );
      if (!way) return { result: "transient", reply: "the directory names no e-CMS node for this office" };
      const posts = postsOf(notice, way, parts);
      if (typeof posts === "string") return { result: "permanent", reply: posts };
      const place = destinations.enter(way.node.url);
      if (place.state === "wait")
        return { result: "put-off", waitMs: place.waitMs, reply: oneLine(`${way.node.url} ${place.why}`) };
      let away: string | null = null;
      try {
        return await inTurn(posts, way.node, limits);
      } catch (error) {
        if (!(error instanceof NodeCallFailed)) throw error;
        const reply = oneLine(error.message);
        if (error.isAway) away = reply;
        return { result: error.isSent ? "unknown" : "transient", reply };
      } finally {
        place.leave(away);
      }
    },
  };
}

/** One message to a node, and what its answer means. */
interface Post {
  readonly make: () => string | Promise<SoapMessage>;
  readonly judge: (said: NodeSaid) => SendResult;
}

/** Each after the one before it was taken. */
async function inTurn(posts: readonly Post[], node: EcmsNode, limits: NodeLimits): Promise<SendResult> {
  let result: SendResult = { result: "permanent", reply: "nothing to post" };
  for (const { make, judge } of posts) {
    result = judge(await askNode(node, await make(), limits));
    if (result.result !== "accepted") break;
  }
  return result;
}

/** @returns why the protocol cannot say it, in English */
function postsOf(notice: Notice, way: EcmsRoute & Partial<NamedLetter>, parts: SentFiles): Post[] | string {
  // The same in each try: a node may know a message by it.
  const addressed: Addressed = {
    messageId: messageIdAt(notice.madeAt),
    to: way.to,
    dialect: way.node.dialect ?? "2.0",
  };
  if (notice.kind === "letter")
    return letterPosts(notice, notice.facts as LetterNoticeFacts, way, addressed, parts);
  if (notice.kind === "recall") {
    const { printed, recall } = notice.facts as RecallNoticeFacts;
    return [
      deletion(addressed, way, printed, recall.letter.date, (said) => resultOfAnswer(said, "deletion")),
    ];
  }
  const type = ecmsFormOf(notice.kind, notice.receipt?.evidence.type ?? null);
  const { letterId = null, correspondenceDate = null, subject = null } = way;
  if (type === null) return `e-CMS has no word for ${notice.kind}`;
  if (letterId === null) return "the letter bears no number by which it could be named";
  const register = notice.receipt?.evidence.register ?? null;
  if (type === "AcceptLetterNotifier" && register === null) return "there is no register number to tell";
  const acceptId =
    type === "AcceptLetterNotifier" && register !== null
      ? `${register.number}/${register.yearBuddhist}`
      : null;
  const text = notifierRequest(addressed, { type, letterId, acceptId, correspondenceDate, subject });
  return [{ make: () => text, judge: (said) => resultOfAnswer(said, "notifier") }];
}

/**
 * A letter that is sent once more, or that its client has given up and sends anew, was rejected, or cannot be found there: its node has to let go of the first one before it
 * takes another under the same number. That there is none is as good.
 */
function letterPosts(
  { agencyId, eventId }: Notice,
  facts: LetterNoticeFacts,
  way: EcmsRoute,
  addressed: Addressed,
  parts: SentFiles,
): Post[] {
  const letter: Post = {
    make: () => letterMessage(addressed, facts, way, openerOf(parts, agencyId)),
    judge: (said) => resultOfAnswer(said, "letter"),
  };
  if (eventId === null && facts.isAnew !== true) return [letter];
  const { number, date } = facts.cover;
  const first = deletion(addressed, way, number, date, (said) => {
    const result = resultOfAnswer(said, "deletion");
    const isRefused = result.result === "permanent" || isNothingToDelete(said);
    return isRefused ? { ...result, result: "accepted" } : result;
  });
  return [first, letter];
}

function deletion(
  addressed: Addressed,
  { own, other }: EcmsRoute,
  letterId: string,
  date: string | null,
  judge: Post["judge"],
): Post {
  const key = { letterId, correspondenceDate: date ?? "", senderDepartment: own, acceptDepartment: other };
  return { make: () => documentDeleteRequest(addressed, key), judge };
}
