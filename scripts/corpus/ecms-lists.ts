import type { SoapAnswer } from "./ecms-answer.ts";
import type { DirectoryEntry } from "./expected.ts";

const SPEED = [
  ["001", "ปกติ"],
  ["002", "ด่วน"],
  ["003", "ด่วนมาก"],
  ["004", "ด่วนที่สุด"],
] as const;
const SECRET = [
  ["001", "ปกติ"],
  ["002", "ลับ"],
  ["003", "ลับมาก"],
  ["004", "ลับที่สุด"],
] as const;
const MIME = [
  [".pdf", "application/pdf"],
  [".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"],
  [".txt", "text/plain"],
  [".tiff", "image/tiff"],
] as const;

/** What is wrong with the answer of a list operation, byte for byte. */
export function listFaults(
  { text }: SoapAnswer,
  operation: string,
  directory: readonly DirectoryEntry[],
  isOld: boolean,
): string[] {
  const missing = (parts: readonly string[]): string[] =>
    parts.filter((part) => !text.includes(part)).map((part) => `the list lacks ${part}`);
  const codes = (name: string, list: readonly (readonly [string, string])[]): string[] => {
    const rows = list.map(
      ([value, words]) => `<Code><Value>${value}</Value><Description>${words}</Description></Code>`,
    );
    return missing([`<${name}>${rows.join("")}</${name}>`]);
  };
  switch (operation) {
    case "GetSpeedCodes":
      return codes("SpeedCodes", SPEED);
    case "GetSecretCodes":
      return codes("SecretCodes", SECRET);
    case "GetMimeCodes":
      return missing(
        MIME.map(
          ([end, type]) =>
            `<Code><File-Extension>${end}</File-Extension><Content-type>${type}</Content-type></Code>`,
        ),
      );
    case "GetMinistryOrganizationList":
      return missing([
        "<MinistryOrganizationList>",
        "<Th-Name>กระทรวงการคลัง</Th-Name><MinistryID>03</MinistryID>",
      ]);
    case "GetOrganizationList": {
      // Old clients expect the list's own name for each office, and `name` for both of its names.
      const [list, row, named] = isOld
        ? ["GetOrganizationListResponse", "OrganizationList", "name"]
        : ["OrganizationList", "OrganizationInfo", "Th-Name"];
      return missing([
        `<${list}><${row}><`,
        ...directory.flatMap(({ name, organisationId, organisationIdShort }) => {
          const id = isOld ? organisationIdShort : organisationId;
          return id === undefined
            ? []
            : [
                `</${named}><ECMS-URL>`,
                `>${name}</${named}>`,
                `</ECMS-URL><OrganizationID>${id}</OrganizationID></${row}>`,
              ];
        }),
      ]);
    }
    default:
      return [`${operation} is no list that is known here`];
  }
}
