import { INBOX_ITEM } from "./examples.ts";
import { A_FILE, answersInBoth, type Operation } from "./operation.ts";
import { AFTER_NUMBER, IF_NONE_MATCH, idInPath, limit, numberInPath, prefer } from "./parameters.ts";

const OF_INBOX = {
  scopes: ["read-inbound", "read-outbound", "submit", "receipts"],
  programsOnly: true,
} as const;
const NOT_CHANGED = { description: "Nothing has changed since the answer with this ETag", headers: ["ETag"] };
const ITEM = idInPath("itemId", "Of the item; by e-CMS its ProcessID");

export const INBOX_OPERATIONS: readonly Operation[] = [
  {
    method: "get",
    path: "/api/v1/inbox/next",
    id: "nextInboxItem",
    tag: "inbox",
    th: "รายการถัดไปที่รออยู่",
    en: "Take the oldest item that waits",
    description:
      "ได้รายการเดิมทุกครั้งจนกว่าจะรับทราบ จึงไม่ตกหล่นแม้โปรแกรมหยุดกลางคัน รายการที่ได้ขึ้นกับสิทธิ (scope) ของโปรแกรม\n\nThe same item each time until it is acknowledged: what a crash interrupts is offered again. What a program is told follows from its scopes: receipts of what it handed in (submit, receipts), letters that the agency sends to its office (submit), letters registered in the agency's inbound book (read-inbound), answers to the agency's own letters (read-outbound).",
    access: OF_INBOX,
    parameters: [prefer(30, "an item"), IF_NONE_MATCH],
    answers: {
      200: { ...answersInBoth("The item", "InboxItem", INBOX_ITEM), headers: ["Preference-Applied", "ETag"] },
      204: { description: "Nothing waits", headers: ["Preference-Applied"] },
      304: { description: "It is the item with this ETag still", headers: ["Preference-Applied", "ETag"] },
    },
  },
  {
    method: "get",
    path: "/api/v1/inbox",
    id: "listInbox",
    tag: "inbox",
    th: "รายการทั้งหมดที่รออยู่",
    en: "List what waits",
    access: OF_INBOX,
    parameters: [limit(20), AFTER_NUMBER, IF_NONE_MATCH],
    answers: {
      200: { ...answersInBoth("A page, oldest first", "InboxList"), headers: ["ETag"] },
      304: NOT_CHANGED,
    },
    problems: ["not-understood"],
  },
  {
    method: "get",
    path: "/api/v1/inbox/:itemId",
    id: "getInboxItem",
    tag: "inbox",
    th: "รายการหนึ่งรายการ",
    en: "See one item, acknowledged or not",
    access: OF_INBOX,
    parameters: [ITEM, IF_NONE_MATCH],
    answers: { 200: { ...answersInBoth("The item", "InboxItem"), headers: ["ETag"] }, 304: NOT_CHANGED },
    problems: ["not-found"],
  },
  {
    method: "post",
    path: "/api/v1/inbox/:itemId/acknowledge",
    id: "acknowledgeInboxItem",
    tag: "inbox",
    th: "รับทราบรายการ",
    en: "Acknowledge an item: it is offered no more",
    description: "Takes no body. A second time nothing changes.",
    access: OF_INBOX,
    parameters: [ITEM],
    answers: { 200: answersInBoth("Since when it is acknowledged", "InboxAcknowledgement") },
    problems: ["not-understood", "not-found", "too-large", "not-json"],
  },
  {
    method: "get",
    path: "/api/v1/inbox/:itemId/files/:no",
    id: "getInboxFile",
    tag: "inbox",
    th: "แฟ้มของหนังสือ",
    en: "Fetch a file of an item's letter",
    access: OF_INBOX,
    parameters: [ITEM, numberInPath("no", "no of the file in the item", 1)],
    answers: {
      200: A_FILE,
    },
    problems: ["not-found"],
  },
];
