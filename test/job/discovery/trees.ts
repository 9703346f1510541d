import { expect } from 'chai';
import { describes } from '../../../src/job/discovery/describing-files.ts';
import { discover } from '../../../src/job/discovery/discover.ts';
import type { Project } from '../../../src/job/discovery/project.ts';
import { Tree } from '../../../src/job/discovery/tree.ts';

export type Files = { [path: string]: string };

/** @param files a name that ends in "!" is that of a file that may be executed */
function treeOf(files: Files): Tree {
  const named = Object.entries(files).map(([name, text]) => ({ path: name.replace(/!$/, ''), name, text }));
  const listed = named.map(({ path, name }) => ({ path, executable: name.endsWith('!') }));
  // the text of any other file is unknown to discovery
  const known = named.filter(({ path }) => describes(path) !== undefined);
  return new Tree(listed, new Map(known.map(({ path, text }) => [path, text])));
}

export function projectsOf(files: Files): Project[] {
  return discover(treeOf(files)).projects;
}

/** The only project of a repository. */
export function projectOf(files: Files): Project {
  const projects = projectsOf(files);
  expect(projects.map(({ because }) => because)).to.have.length(1);
  return projects[0] as Project;
}

/** All commands that are run, of each project in a line: `install, test`. */
export function runsOf(files: Files): string[] {
  return projectsOf(files).map(({ folder, steps }) => {
    const commands = steps.map(({ command }) => command).join(', ');
    return folder === '' ? commands : `${folder}: ${commands}`;
  });
}

/** What is passed over, and why. */
export function passedOverOf(files: Files): string[] {
  return discover(treeOf(files)).passedOver.map(({ because, why }) => `${because}: ${why}`);
}

/** One test for each row: what the repository is, what it holds, and what is run, by programs that a machine may have. */
export function findsEach(rows: readonly [what: string, files: Files, ...runs: string[]][]): void {
  for (const [what, files, ...runs] of rows)
    it(`tests ${what}`, () => {
      expect(runsOf(files)).to.deep.equal(runs);
      const programs = projectsOf(files).flatMap(({ steps }) => steps.flatMap((each) => each.programs));
      for (const program of programs) expect(program).to.match(/^[\w./-]+$/);
    });
}

/** One test for each row: what the repository is, what it holds, and why it has no tests. */
export function passesOverEach(rows: readonly [what: string, files: Files, why: string][]): void {
  for (const [what, files, why] of rows)
    it(`passes over ${what}`, () => {
      expect(runsOf(files)).to.deep.equal([]);
      expect(passedOverOf(files)).to.include(why);
    });
}
