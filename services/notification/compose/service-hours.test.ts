import { test } from "vitest";
import { serviceHours } from "./service-hours.ts";

test("working days and hours in words: a range, single days, several spans", ({ expect }) => {
  const week = ["Mon", "Tue", "Wed", "Thu", "Fri"];
  expect(serviceHours({ hours: [["08:30", "16:30"]], days: week })).toEqual({
    thai: "วันจันทร์ถึงวันศุกร์ เวลา 08:30–16:30 น.",
    english: "Monday to Friday, 08:30–16:30",
  });
  const spans = [["08:30", "12:00"] as const, ["13:00", "16:30"] as const];
  expect(serviceHours({ hours: spans, days: ["Sat", "Mon", "Wed"] })).toEqual({
    thai: "วันจันทร์ วันพุธ วันเสาร์ เวลา 08:30–12:00 และ 13:00–16:30 น.",
    english: "Monday, Wednesday, Saturday, 08:30–12:00 and 13:00–16:30",
  });
});
