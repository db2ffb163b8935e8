/** PDFium's functions, as it exports them. Pointers are offsets into its memory; 0 is none. */
export interface Pdfium {
  readonly memory: { readonly buffer: ArrayBuffer };
  malloc(size: number): number;
  emscripten_stack_get_current(): number;
  emscripten_stack_get_base(): number;
  emscripten_stack_get_end(): number;
  _emscripten_stack_alloc(size: number): number;
  FPDF_InitLibrary(): void;
  FPDF_LoadMemDocument(octets: number, size: number, password: number): number;
  FPDF_GetLastError(): number;
  FPDF_GetPageCount(document: number): number;
  FPDF_LoadPage(document: number, index: number): number;
  FPDF_ClosePage(page: number): void;
  FPDF_GetPageWidthF(page: number): number;
  FPDF_GetPageHeightF(page: number): number;
  FPDF_PageToDevice(
    page: number,
    left: number,
    top: number,
    width: number,
    height: number,
    turn: number,
    x: number,
    y: number,
    outX: number,
    outY: number,
  ): number;
  FPDFPage_GetAnnotCount(page: number): number;
  FPDFPage_Flatten(page: number, usage: number): number;
  FPDFText_LoadPage(page: number): number;
  FPDFText_ClosePage(text: number): void;
  FPDFText_CountChars(text: number): number;
  FPDFText_GetUnicode(text: number, index: number): number;
  FPDFText_IsGenerated(text: number, index: number): number;
  FPDFText_HasUnicodeMapError(text: number, index: number): number;
  FPDFText_GetTextObject(text: number, index: number): number;
  FPDFText_GetFontSize(text: number, index: number): number;
  FPDFText_GetCharOrigin(text: number, index: number, outX: number, outY: number): number;
  FPDFText_GetLooseCharBox(text: number, index: number, outBox: number): number;
  FPDFText_GetCharBox(text: number, index: number, l: number, r: number, b: number, t: number): number;
  FPDFText_GetMatrix(text: number, index: number, outMatrix: number): number;
  FPDFText_GetFillColor(text: number, index: number, r: number, g: number, b: number, a: number): number;
  FPDFTextObj_GetFont(object: number): number;
  FPDFTextObj_GetTextRenderMode(object: number): number;
  FPDFPage_CountObjects(page: number): number;
  FPDFPage_GetObject(page: number, index: number): number;
  FPDFPageObj_GetType(object: number): number;
  FPDFPageObj_GetBounds(object: number, l: number, b: number, r: number, t: number): number;
  FPDFPageObj_CountMarks(object: number): number;
  FPDFPageObj_GetMark(object: number, index: number): number;
  FPDFPageObjMark_GetParamValueType(mark: number, key: number): number;
}
