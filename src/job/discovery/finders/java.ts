import { type Finder, type ProjectStep, step } from '../project.ts';
import type { Tree } from '../tree.ts';

/** A Maven project, tested by its wrapper where it has one. */
export const maven: Finder = (tree) => {
  const because = 'pom.xml';
  if (!tree.has(because)) return undefined;
  const { why, run } = wrapper(tree, 'mvnw', 'mvn');
  return {
    kind: 'maven',
    because,
    why,
    steps: [run('--batch-mode test')],
    reports: ['**/target/surefire-reports/TEST-*.xml'],
  };
};

/** A Gradle project, all of whose parts are tested, by its wrapper where it has one. */
export const gradle: Finder = (tree) => {
  const because = tree.first('settings.gradle', 'settings.gradle.kts', 'build.gradle', 'build.gradle.kts');
  if (because === undefined) return undefined;
  const { why, run } = wrapper(tree, 'gradlew', 'gradle');
  return {
    kind: 'gradle',
    because,
    why,
    // a daemon would end with the job
    steps: [run('--no-daemon --console=plain test')],
    reports: ['**/build/test-results/**/TEST-*.xml'],
  };
};

/** An sbt project, all of whose parts are tested. */
export const sbt: Finder = (tree) => {
  const because = 'build.sbt';
  if (!tree.has(because)) return undefined;
  const { why, run } = wrapper(tree, 'sbt', 'sbt');
  return {
    kind: 'sbt',
    because,
    why,
    steps: [run('test')],
    reports: ['**/target/test-reports/TEST-*.xml'],
  };
};

/**
 * How a tool is started: by the script in the repository that fetches the right version, else as the machine has it.
 * @param own name of the script
 */
function wrapper(tree: Tree, own: string, tool: string): { why: string; run: (args: string) => ProjectStep } {
  if (!tree.has(own)) return { why: `it has no wrapper ${own}`, run: (args) => step('test', `${tool} ${args}`) };
  if (tree.isExecutable(own))
    return { why: `it has the wrapper ${own}`, run: (args) => step('test', `./${own} ${args}`) };
  return {
    why: `it has the wrapper ${own}, which may not be executed and is run by sh`,
    run: (args) => step('test', `sh ./${own} ${args}`, ['sh']),
  };
}
