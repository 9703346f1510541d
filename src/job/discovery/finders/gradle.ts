import { type Finder, step } from '../project.ts';

/** A project of Gradle, tested by its wrapper where it has one. */
export const gradle: Finder = (tree) => {
  const because = tree.first('build.gradle', 'build.gradle.kts');
  if (because === undefined) return undefined;
  const own = tree.isExecutable('gradlew');
  return {
    kind: 'gradle',
    because,
    why: own ? 'the project has the wrapper gradlew' : 'the project has no wrapper gradlew that may be executed',
    steps: [step('test', `${own ? './gradlew' : 'gradle'} test`)],
    reports: ['**/build/test-results/**/TEST-*.xml'],
  };
};
