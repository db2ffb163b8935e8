/** What pdf-engine.ts uses of WebAssembly: Node has it, but the types of Node do not, and those of browsers bring too much. */
declare namespace WebAssembly {
  class Module {
    private readonly module: never;
  }
  class Instance {
    readonly exports: Exports;
  }
  type Imports = Record<string, Record<string, unknown>>;
  type Exports = Record<string, unknown>;
  function compile(octets: Uint8Array): Promise<Module>;
  function instantiate(module: Module, imports: Imports): Promise<Instance>;
}
