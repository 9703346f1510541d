import { isForeign } from './describing-files.ts';
import { cargo } from './finders/cargo.ts';
import { go } from './finders/go.ts';
import { gradle } from './finders/gradle.ts';
import { make } from './finders/make.ts';
import { maven } from './finders/maven.ts';
import { mix } from './finders/mix.ts';
import { node } from './finders/node.ts';
import { python } from './finders/python.ts';
import { script } from './finders/script.ts';
import { type Finder, isProject, type PassedOver, type Project } from './project.ts';
import type { Tree } from './tree.ts';

interface Kind {
  find: Finder;
  /** what tells it, for people */
  looksFor: string;
}

/** All of these that a repository is of are tested, in this order. */
const specific: readonly Kind[] = [
  { find: node, looksFor: 'package.json with a "test" script' },
  { find: cargo, looksFor: 'Cargo.toml' },
  { find: go, looksFor: 'go.mod' },
  { find: maven, looksFor: 'pom.xml' },
  { find: gradle, looksFor: 'build.gradle' },
  { find: mix, looksFor: 'mix.exs' },
  { find: python, looksFor: 'Python tests (pytest or tests/)' },
];

/** The first of these counts, where a repository is of no specific kind: they mostly run the same tests again. */
const general: readonly Kind[] = [
  { find: make, looksFor: 'a Makefile with a "test" or "check" target' },
  { find: script, looksFor: 'an executable test.sh' },
];

/** What Volt looks for, for people. */
export const lookedFor = [...specific, ...general].map(({ looksFor }) => looksFor).join(', ');

export interface Discovery {
  projects: Project[];
  passedOver: PassedOver[];
}

/** Folders of the root that are searched where the root itself has no tests. */
const mostFolders = 100;
/** Projects of a repository; further ones are passed over. */
const mostProjects = 20;
/** Folders that show how something is used, or are for the tests of something else. */
const shows = /^(docs?|examples?|samples?|demos?|benchmarks?|fixtures|testdata|test|tests|spec)$/;

/** How the tests of a tree are run: those of its root, or where the root has none, those of the folders in it. */
export function discover(tree: Tree): Discovery {
  const found = discoverIn(tree, '');
  if (found.projects.length > 0) return found;
  const folders = tree
    .names()
    .filter((name) => tree.hasFolder(name) && !name.startsWith('.') && !isForeign(name) && !shows.test(name))
    .slice(0, mostFolders);
  const inside = folders.map((folder) => discoverIn(tree.in(folder), folder));
  const projects = inside.flatMap((each) => each.projects);
  const tooMany = projects.slice(mostProjects).map(({ because }) => ({
    because,
    why: `Volt tests ${mostProjects} projects of a repository at most`,
  }));
  return {
    projects: projects.slice(0, mostProjects),
    passedOver: [found, ...inside].flatMap(({ passedOver }) => passedOver).concat(tooMany),
  };
}

/** @param folder of the tree in its repository */
function discoverIn(tree: Tree, folder: string): Discovery {
  const projects: Project[] = [];
  const passedOver: PassedOver[] = [];
  const look = ({ find }: Kind) => {
    const found = find(tree);
    if (found === undefined) return;
    const because = folder === '' ? found.because : `${folder}/${found.because}`;
    const why = clipped(found.why);
    if (!isProject(found)) passedOver.push({ because, why });
    else projects.push({ reports: [], tools: [], ...found, folder, because, why } as Project);
  };
  specific.forEach(look);
  for (const kind of general) if (projects.length === 0) look(kind);
  return { projects, passedOver };
}

function clipped(text: string): string {
  return text.length <= 2000 ? text : `${text.slice(0, 1999)}…`;
}
