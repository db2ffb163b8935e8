import { drawReceiveStamp, type ReceiveStamp, STAMP_INK, type StampFaces } from "./receive-stamp.ts";
import { outlineStamp, type Step } from "./stamp-outline.ts";

/** The stamp as an SVG picture of its real size, with its words as title; no script, no font, nothing from outside. */
export function stampSvg(stamp: ReceiveStamp, faces: StampFaces): string {
  const drawing = drawReceiveStamp(stamp, faces);
  const { red, green, blue } = STAMP_INK;
  const path = outlineStamp(drawing, faces).map(pathStep).join("");
  const size = `width="${drawing.widthPt}pt" height="${drawing.heightPt}pt"`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} viewBox="0 0 ${drawing.widthPt} ${drawing.heightPt}" role="img">` +
    `<title>${xmlText(drawing.description)}</title><path fill="rgb(${red},${green},${blue})" d="${path}"/></svg>`
  );
}

function pathStep(step: Step): string {
  switch (step.to) {
    case "move":
      return `M${short(step.x)} ${short(step.y)}`;
    case "line":
      return `L${short(step.x)} ${short(step.y)}`;
    case "curve":
      return `Q${short(step.cx)} ${short(step.cy)} ${short(step.x)} ${short(step.y)}`;
    case "close":
      return "Z";
  }
}

function short(value: number): number {
  return Math.round(value * 100) / 100;
}

function xmlText(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
