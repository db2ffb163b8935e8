/** The part of mustache that is used here; its package brings no types. */
declare module "mustache" {
  /** [kind, value, start, end] and, of a section, its own tokens. */
  export type Token = [
    kind: string,
    value: string,
    start: number,
    end: number,
    inner?: Token[] | string,
    ...more: unknown[],
  ];
  export class Writer {
    parse(template: string): Token[];
    render(
      template: string,
      view: object,
      partials: Readonly<Record<string, string>>,
      config: { readonly escape: (text: string) => string },
    ): string;
  }
  const mustache: { readonly Writer: typeof Writer };
  export default mustache;
}
