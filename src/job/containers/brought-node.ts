import { realpathSync } from 'node:fs';
import { errorText } from '../../kernel/errors.ts';
import { remember } from '../../system/remember.ts';
import { runProgram } from '../../system/run-program.ts';

/** Where a container sees the Node of Volt. */
export const nodeInside = '/volt/bin/node';

/** What has the environment of the action's process, which is not Volt's. */
const own = 'process';

/** A script that gives variables their names back, see ContainerHost. */
export const restoringScript = `'use strict';
const { env } = ${own};
for (const [name, value] of Object.entries(env)) {
  if (!/^JOB_VARIABLE_\\d+$/.test(name)) continue;
  delete env[name];
  const at = value.indexOf('=');
  env[value.slice(0, at)] = value.slice(at + 1);
}
`;

/** Files of the machine that Node needs, by the path under which it looks for them. */
export interface NodeParts {
  program: string;
  libraries: { from: string; path: string }[];
}

/**
 * The Node that runs Volt, with its loader and its libraries. A container gets those that its image lacks, so Node runs with the
 * C library that it was made for, also where the image has another one.
 * @returns undefined where they cannot be found out, such as on macOS
 */
export const nodeParts = remember(async (): Promise<NodeParts | undefined> => {
  const program = realpathSync(process.execPath);
  try {
    const found = await runProgram('ldd', [program], { timeout: 10_000 });
    const paths = [...found.matchAll(/^\s*(?:\S+ => )?(\/\S+) \(0x/gm)].flatMap(([, path]) => path ?? []);
    return { program, libraries: paths.map((path) => ({ from: realpathSync(path), path })) };
  } catch (error) {
    return /not a dynamic executable/.test(errorText(error)) ? { program, libraries: [] } : undefined;
  }
});
