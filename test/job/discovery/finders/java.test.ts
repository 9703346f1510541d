import { expect } from 'chai';
import { findsEach, passedOverOf, projectOf, runsOf } from '../trees.ts';

const gradle = '--no-daemon --console=plain test';

describe('discovery of Maven, Gradle and sbt projects', () => {
  findsEach([
    ['a Maven project', { 'pom.xml': '' }, 'mvn --batch-mode test'],
    ['a Maven project by its wrapper', { 'pom.xml': '', 'mvnw!': '' }, './mvnw --batch-mode test'],
    [
      'a Maven project by its wrapper that may not be executed',
      { 'pom.xml': '', mvnw: '' },
      'sh ./mvnw --batch-mode test',
    ],
    ['a Gradle project', { 'build.gradle': '' }, `gradle ${gradle}`],
    ['a Gradle project in Kotlin by its wrapper', { 'build.gradle.kts': '', 'gradlew!': '' }, `./gradlew ${gradle}`],
    [
      'a Gradle project by its wrapper that may not be executed',
      { 'build.gradle': '', gradlew: '' },
      `sh ./gradlew ${gradle}`,
    ],
    [
      'a Gradle project that has settings alone',
      { 'settings.gradle.kts': '', 'app/build.gradle.kts': '' },
      `gradle ${gradle}`,
    ],
    ['an sbt project', { 'build.sbt': '' }, 'sbt test'],
    ['an sbt project by its own launcher', { 'build.sbt': '', 'sbt!': '' }, './sbt test'],
  ]);

  it('tests a project once that has several build tools', () => {
    const files = { 'pom.xml': '', 'build.gradle': '' };
    expect(runsOf(files)).to.deep.equal(['mvn --batch-mode test']);
    expect(passedOverOf(files)).to.deep.equal(['build.gradle: the tests are run as pom.xml says']);
  });

  it('reads the reports that the tools write anyway', () => {
    expect(projectOf({ 'pom.xml': '' }).reports).to.deep.equal(['**/target/surefire-reports/TEST-*.xml']);
    expect(projectOf({ 'build.gradle': '' }).reports).to.deep.equal(['**/build/test-results/**/TEST-*.xml']);
    expect(projectOf({ 'build.sbt': '' }).reports).to.deep.equal(['**/target/test-reports/TEST-*.xml']);
  });

  it('asks for the program that starts the tool', () => {
    expect(projectOf({ 'pom.xml': '', mvnw: '' }).steps[0]?.programs).to.deep.equal(['sh']);
    expect(projectOf({ 'pom.xml': '', 'mvnw!': '' }).steps[0]?.programs).to.deep.equal(['./mvnw']);
    expect(projectOf({ 'pom.xml': '', '.java-version': '17\n' }).tools).to.deep.equal([
      { tool: 'java', version: '17', because: '.java-version' },
    ]);
  });
});
