import { machine, type Rule, tool } from '../blame.ts';

/** What Dune tells about the machine, before it builds a test. */
export const dune: readonly Rule[] = [
  tool(
    /^Error: Program ([\w.+-]{1,100}) not found in the tree or in PATH$/,
    'Dune finds no program $1',
    'Install it on the runner: `opam install`, or `apt-get install ocaml` for the compiler',
  ),
  machine(
    /^Error: Library "([\w.+-]{1,200})" not found\.$/,
    'Dune finds no library $1',
    'Name it in an opam file of the project, or install it on the runner with `opam install`',
  ),
];
