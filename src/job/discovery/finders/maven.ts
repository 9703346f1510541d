import { type Finder, step } from '../project.ts';

/** A project of Maven, tested by its wrapper where it has one. */
export const maven: Finder = (tree) => {
  if (!tree.has('pom.xml')) return undefined;
  const own = tree.isExecutable('mvnw');
  return {
    kind: 'maven',
    because: 'pom.xml',
    why: own ? 'the project has the wrapper mvnw' : 'the project has no wrapper mvnw that may be executed',
    steps: [step('test', `${own ? './mvnw' : 'mvn'} --batch-mode test`)],
    reports: ['**/target/surefire-reports/TEST-*.xml'],
  };
};
