import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * A file of Volt's that another process, or a thread, begins with: beside the module that asks where Volt runs from its
 * sources; the bundle has it at its root, wherever that module's code has come to.
 * @param module address of the module that asks
 * @param source the file's name among the sources, without its ending
 * @param bundled its name in the bundle, likewise
 * @throws Error where it is not there, which is a fault of the installation
 */
export function ownProgram(module: string, source: string, bundled: string): string {
  const places = [`./${source}.ts`, `./${bundled}.js`, `../${bundled}.js`];
  const found = places.map((place) => fileURLToPath(new URL(place, module))).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`${bundled}.js of Volt is not there`);
  return found;
}
