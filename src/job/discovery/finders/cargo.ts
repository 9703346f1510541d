import { type Finder, step } from '../project.ts';
import type { Tree } from '../tree.ts';

/** A Rust package, or all packages of a workspace. */
export const cargo: Finder = (tree) => {
  const because = 'Cargo.toml';
  if (!tree.has(because)) return undefined;
  const text = tree.text(because);
  if (isNativePart(tree))
    return { because, why: 'it is the native part of a package for Node or Python, which has the tests' };
  const isWorkspace = /^\[workspace[\].]/m.test(text);
  const locked = tree.has('Cargo.lock') ? ' --locked' : '';
  const needsOthers = isWorkspace || /^\[(?:[\w.'"()= -]{1,200}\.)?(?:dev-|build-)?dependencies[\].]/m.test(text);
  return {
    kind: 'rust',
    because,
    why: [
      isWorkspace ? 'it is a workspace, all of whose packages are tested' : 'Cargo tests the package',
      locked === '' ? 'there is no Cargo.lock' : 'Cargo.lock must fit',
    ].join('; '),
    steps: [
      ...(needsOthers ? [step('install', `cargo fetch${locked}`)] : []),
      step('test', `cargo test${isWorkspace ? ' --workspace' : ''}${locked}`),
    ],
    ...(hasOwnHarness(tree) ? {} : { runner: 'cargo test' }),
  };
};

/** Whether tests of a package print what they like. */
function hasOwnHarness(tree: Tree): boolean {
  return tree.below().some((path) => /(^|\/)Cargo\.toml$/.test(path) && /^\s*harness\b/m.test(tree.text(path)));
}

/** Whether a crate is only for a package of another language: then its tests cannot be linked without that. */
function isNativePart(tree: Tree): boolean {
  const text = tree.text('Cargo.toml');
  return (
    tree.first('package.json', 'pyproject.toml', 'setup.py') !== undefined &&
    /^crate-type\s*=\s*\[\s*["']cdylib["']\s*,?\s*\]/m.test(text) &&
    /^(?:napi|neon|pyo3)\b/m.test(text)
  );
}
