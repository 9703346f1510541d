import { shellWord } from '../../../system/shell-word.ts';
import { type Finder, step } from '../project.ts';
import { freeName } from './cmake.ts';

/** A call of `test()`; `benchmark()` and functions that end in "test" are others. */
const call = /(?:^|[^\w.])test[^\S\n]*\(/m;

/** A Meson project with tests. */
export const meson: Finder = (tree) => {
  const because = 'meson.build';
  if (!tree.has(because)) return undefined;
  const tested = tree.own('meson.build').find((path) => call.test(tree.text(path)));
  if (tested === undefined) return { because, why: 'no meson.build of it has a test()' };
  const build = shellWord(freeName(tree, 'build'));
  return {
    kind: 'meson',
    because,
    why: `${tested} has tests`,
    steps: [
      step('configure', `meson setup ${build}`),
      step('build', `meson compile -C ${build}`),
      step('test', `meson test -C ${build} --no-rebuild --print-errorlogs`),
    ],
    runner: 'meson test',
    reports: [`${build}/meson-logs/testlog.junit.xml`],
  };
};
