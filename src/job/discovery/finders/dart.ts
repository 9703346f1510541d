import { type Finder, step } from '../project.ts';
import { versionsOf } from '../versions.ts';

/** A Dart or Flutter package with tests. */
export const dart: Finder = (tree) => {
  const because = 'pubspec.yaml';
  if (!tree.has(because)) return undefined;
  const test = tree.below('test').find((path) => path.endsWith('_test.dart'));
  if (test === undefined) return { because, why: 'it has no file test/…_test.dart' };
  const program = /^[^\S\n]+sdk:[^\S\n]*flutter\b/m.test(tree.text(because)) ? 'flutter' : 'dart';
  const locked = tree.has('pubspec.lock') ? ' --enforce-lockfile' : '';
  return {
    kind: program,
    because,
    why: `it has tests such as ${test}`,
    steps: [step('install', `${program} pub get${locked}`), step('test', `${program} test`)],
    tools: versionsOf(tree, program),
  };
};
