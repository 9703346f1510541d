import { type Finder, step } from '../project.ts';

/** A Haskell project with test suites, tested by Stack where it has a stack.yaml, else by Cabal. */
export const haskell: Finder = (tree) => {
  const cabalFiles = tree.below().filter((path) => path.endsWith('.cabal'));
  const own = cabalFiles.find((path) => !path.includes('/'));
  const because = tree.first('stack.yaml', 'cabal.project') ?? own;
  if (because === undefined) return undefined;
  // hpack makes the .cabal file from package.yaml
  const hasSuites =
    cabalFiles.some((path) => /^test-suite\s/im.test(tree.text(path))) ||
    tree.below().some((path) => /(^|\/)package\.yaml$/.test(path));
  if (!hasSuites) return { because, why: 'no .cabal file of it has a test-suite' };
  if (because === 'stack.yaml') {
    const steps = [
      step('install', 'stack --no-terminal build --test --only-dependencies'),
      step('test', 'stack --no-terminal test'),
    ];
    return { kind: 'haskell', because, why: 'it has test suites, and stack.yaml', steps };
  }
  const steps = [
    step('install', 'cabal update && cabal build all --enable-tests --only-dependencies'),
    step('test', 'cabal test all --test-show-details=direct'),
  ];
  return { kind: 'haskell', because, why: 'it has test suites, and no stack.yaml', steps };
};
