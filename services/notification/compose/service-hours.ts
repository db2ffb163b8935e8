import type { SenderFacts } from "../notice-facts.ts";

const DAYS: readonly (readonly [short: string, thai: string, english: string])[] = [
  ["Mon", "วันจันทร์", "Monday"],
  ["Tue", "วันอังคาร", "Tuesday"],
  ["Wed", "วันพุธ", "Wednesday"],
  ["Thu", "วันพฤหัสบดี", "Thursday"],
  ["Fri", "วันศุกร์", "Friday"],
  ["Sat", "วันเสาร์", "Saturday"],
  ["Sun", "วันอาทิตย์", "Sunday"],
];

/** When an office works, in words: "วันจันทร์ถึงวันศุกร์ เวลา 08:30–16:30 น." */
export function serviceHours({ hours, days }: SenderFacts["told"]["office"]): {
  thai: string;
  english: string;
} {
  const known = DAYS.flatMap((day, place) => (days.includes(day[0]) ? [{ day, place }] : []));
  const [first, last] = [known[0], known.at(-1)];
  // From … to … for days that follow each other, else one by one.
  const isRange = first && last && known.length > 2 && last.place - first.place === known.length - 1;
  const spans = hours.map(([from, to]) => `${from}–${to}`);
  return {
    thai: `${isRange ? `${first.day[1]}ถึง${last.day[1]}` : known.map(({ day }) => day[1]).join(" ")} เวลา ${spans.join(" และ ")} น.`,
    english: `${isRange ? `${first.day[2]} to ${last.day[2]}` : known.map(({ day }) => day[2]).join(", ")}, ${spans.join(" and ")}`,
  };
}
