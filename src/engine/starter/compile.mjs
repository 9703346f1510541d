/**
 * `npm run starter`: compiles starter.c for each processor, and writes programs.ts. It needs Debian's cross compilers
 * (gcc-14, and gcc-<architecture>-linux-gnu of the others).
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * By the names that Node has for them: compilers, and options that one alone needs.
 * @type {Record<string, [string, ...string[]]>}
 */
const COMPILERS = {
  x64: ['x86_64-linux-gnu-gcc-14', '-fcf-protection=none'],
  arm64: ['aarch64-linux-gnu-gcc-14'],
  arm: ['arm-linux-gnueabihf-gcc-14', '-marm'],
  riscv64: ['riscv64-linux-gnu-gcc-14', '-mno-relax'],
  ppc64: ['powerpc64le-linux-gnu-gcc-14'],
  s390x: ['s390x-linux-gnu-gcc-14'],
};

/** No library, nothing that the linker or a sanitizer adds, and small. */
const OPTIONS = [
  ...[
    '-std=c11',
    '-Os',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-ffreestanding',
    '-nostdlib',
    '-static',
    '-no-pie',
    '-fno-pic',
  ],
  ...['-fno-stack-protector', '-fno-asynchronous-unwind-tables', '-fno-tree-loop-distribute-patterns', '-s'],
  '-Wl,--build-id=none,-z,noexecstack,-z,noseparate-code,--no-relax',
];

/** @param {string} name */
const at = (name) => fileURLToPath(new URL(name, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'volt-starter-'));
const source = createHash('sha256')
  .update(readFileSync(at('starter.c')))
  .digest('hex');
const lines = Object.entries(COMPILERS).map(([processor, [compiler, ...own]]) => {
  const program = join(folder, processor);
  execFileSync(compiler, [...OPTIONS, ...own, '-o', program, at('starter.c')], { stdio: 'inherit' });
  return `  ${processor}: '${readFileSync(program).toString('base64')}',\n`;
});
rmSync(folder, { recursive: true });
writeFileSync(
  at('programs.ts'),
  `// Written by \`npm run starter\`.

/** SHA-256 of the starter.c that the programs were compiled from. */
export const sourceOfPrograms = '${source}';

/** The starter for each processor, by Node's name of it, in base64. */
export const programs: Readonly<Record<string, string>> = {
${lines.join('')}};
`,
);
