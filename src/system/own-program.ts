import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * The path of the main file of another process or thread of Volt: beside the calling module in the sources, at the root of the
 * bundle otherwise.
 * @param module `import.meta.url` of the calling module
 * @param source the file's name in the sources, without its extension
 * @param bundled its name in the bundle, without its extension
 * @throws Error where it is missing, which is a fault of the installation
 */
export function ownProgram(module: string, source: string, bundled: string): string {
  const candidates = [`./${source}.ts`, `./${bundled}.js`, `../${bundled}.js`];
  const found = candidates.map((name) => fileURLToPath(new URL(name, module))).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`${bundled}.js of Volt is missing`);
  return found;
}
