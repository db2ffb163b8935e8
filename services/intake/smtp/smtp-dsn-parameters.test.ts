import { describe, expect, test } from "vitest";
import { hasBadDsnParameter } from "./smtp-dsn-parameters.ts";

describe("DSN parameters (RFC 3461 §4)", () => {
  test.each([
    "MAIL FROM:<x@example.go.th> RET=FULL ENVID=QQ314159",
    "MAIL FROM:<x@example.go.th> ret=hdrs SIZE=100 ENVID=a+2Bb+3D",
    `MAIL FROM:<x@example.go.th> ENVID=${"e".repeat(100)}`,
    "RCPT TO:<y@example.go.th> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;y@example.go.th",
    "RCPT TO:<y@example.go.th> NOTIFY=never",
    "RCPT TO:<y@example.go.th> ORCPT=utf-8;สารบรรณ@example.go.th",
    "RCPT TO:<y@example.go.th> ORCPT=utf-8;\\x{0E2A}@example.go.th",
    "MAIL FROM:<x@example.go.th>",
  ])("%s is well", (command) => {
    expect(hasBadDsnParameter(command)).toBe(false);
  });

  test.each([
    "MAIL FROM:<x@example.go.th> RET=SOME",
    "MAIL FROM:<x@example.go.th> RET",
    "MAIL FROM:<x@example.go.th> ENVID=",
    "MAIL FROM:<x@example.go.th> ENVID=a+2",
    "MAIL FROM:<x@example.go.th> ENVID=a+2b",
    "MAIL FROM:<x@example.go.th> ENVID=a=b",
    `MAIL FROM:<x@example.go.th> ENVID=${"e".repeat(101)}`,
    "RCPT TO:<y@example.go.th> NOTIFY=NEVER,SUCCESS",
    "RCPT TO:<y@example.go.th> NOTIFY=SUCCESS,",
    "RCPT TO:<y@example.go.th> NOTIFY=SUCCESS,SUCCESS,SUCCESS,SUCCESS",
    "RCPT TO:<y@example.go.th> ORCPT=y@example.go.th",
    "RCPT TO:<y@example.go.th> ORCPT=rfc822;",
    "RCPT TO:<y@example.go.th> ORCPT=;y@example.go.th",
    `RCPT TO:<y@example.go.th> ORCPT=rfc822;${"y".repeat(500)}`,
  ])("%s is not", (command) => {
    expect(hasBadDsnParameter(command)).toBe(true);
  });
});
