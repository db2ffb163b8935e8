import type { StampDrawing, StampFaces } from "./receive-stamp.ts";
import { STAMP_EDGE_PT } from "./receive-stamp.ts";

/** A step along the edge of a filled shape, in points; y runs downwards, as in pictures. */
export type Step =
  | { readonly to: "move"; readonly x: number; readonly y: number }
  | { readonly to: "line"; readonly x: number; readonly y: number }
  | { readonly to: "curve"; readonly cx: number; readonly cy: number; readonly x: number; readonly y: number }
  | { readonly to: "close" };

/**
 * The stamp as filled shapes, without any font: a picture then looks the same wherever it is shown. Filled by the nonzero
 * winding rule; Sarabun's curves are all quadratic.
 */
export function outlineStamp(drawing: StampDrawing, faces: StampFaces): Step[] {
  const steps = frame(drawing.widthPt, drawing.heightPt, STAMP_EDGE_PT);
  for (const words of drawing.words) {
    const { font, shape } = faces[words.face];
    const scale = words.sizePt / 1000;
    let pen = words.x;
    for (const cluster of shape(words.text)) {
      for (const glyph of cluster.glyphs) {
        const unit = words.sizePt / font.unitsPerEm;
        const x = (value: number): number => pen + glyph.dx * scale + value * unit;
        const y = (value: number): number => drawing.heightPt - words.y - glyph.dy * scale - value * unit;
        for (const { command, args } of font.getGlyph(glyph.id).path.commands) {
          const [a = 0, b = 0, c = 0, d = 0] = args;
          if (command === "moveTo") steps.push({ to: "move", x: x(a), y: y(b) });
          else if (command === "lineTo") steps.push({ to: "line", x: x(a), y: y(b) });
          else if (command === "closePath") steps.push({ to: "close" });
          else if (command === "quadraticCurveTo")
            steps.push({ to: "curve", cx: x(a), cy: y(b), x: x(c), y: y(d) });
          else throw new Error("the font has curves of another kind");
        }
        pen += glyph.advance * scale;
      }
    }
  }
  return steps;
}

/** The box: its outer edge one way round, its inner edge the other way. */
function frame(width: number, height: number, edge: number): Step[] {
  const box = (x1: number, y1: number, x2: number, y2: number): Step[] => [
    { to: "move", x: x1, y: y1 },
    { to: "line", x: x2, y: y1 },
    { to: "line", x: x2, y: y2 },
    { to: "line", x: x1, y: y2 },
    { to: "close" },
  ];
  return [...box(0, 0, width, height), ...box(width - edge, edge, edge, height - edge)];
}
