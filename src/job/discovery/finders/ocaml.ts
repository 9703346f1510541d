import { type Finder, step } from '../project.ts';

/** A Dune project. */
export const ocaml: Finder = (tree) => {
  const because = 'dune-project';
  if (!tree.has(because)) return undefined;
  const paths = tree.below();
  const isTested = (path: string) =>
    /(^|\/)dune$/.test(path) &&
    /\((?:tests?|inline_tests|cram|rule[^()]{0,200}\(alias\s+runtest\))[\s)]/.test(tree.text(path));
  const tested = paths.find((path) => isTested(path) || path.endsWith('.t') || path.endsWith('.t/run.t'));
  if (tested === undefined) return { because, why: 'no dune file of it has tests' };
  const opam = paths.find((path) => /^[^/]+\.opam$/.test(path));
  const why = `${tested} has tests`;
  // `dune pkg` keeps what it has locked in a folder, and dune itself installs that
  if (opam === undefined || tree.hasFolder('dune.lock'))
    return { kind: 'ocaml', because, why, steps: [step('test', 'dune runtest')] };
  return {
    kind: 'ocaml',
    because,
    why: `${why}; ${opam} says what they need`,
    steps: [
      step('install', 'opam install . --yes --deps-only --with-test'),
      step('test', 'opam exec -- dune runtest', ['opam']),
    ],
  };
};
