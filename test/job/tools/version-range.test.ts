import { expect } from 'chai';
import { compareVersions, satisfies, versionOf } from '../../../src/job/tools/version-range.ts';

/** What is asked for, versions that are meant, and versions that are not. */
const rows: [asked: string, fitting: string[], others: string[], tool?: string][] = [
  ['20', ['20.0.0', '20.19.1'], ['2.0', '200.1', '21.0.0']],
  ['v20.1', ['20.1.0', '20.1.9'], ['20.10.0']],
  ['20.x', ['20.1'], ['21.0']],
  ['3.12.*', ['3.12.1'], ['3.13.0']],
  ['lts/iron', ['20.1.0'], ['22.1.0']],
  ['lts/*', ['18.0.0', '22.0.0'], []],
  ['stable', ['1.77.2'], []],
  ['>=18', ['18.0.0', '22.1.0'], ['17.9.9']],
  ['>= 18.17 < 21 || ^22', ['18.17.0', '20.9.9', '22.5.0'], ['18.16.9', '21.0.0', '23.0.0']],
  ['18 - 20', ['18.0.0', '20.9.9'], ['17.0.0', '21.0.0']],
  ['>20', ['21.0.0'], ['20.5.0', '19.0.0']],
  ['<=20', ['20.5.0'], ['21.0.0']],
  ['^20.3', ['20.3.0', '20.9.0'], ['20.2.0', '21.0.0']],
  ['^0.3', ['0.3.9'], ['0.4.0', '0.2.0']],
  ['~20.3.1', ['20.3.4'], ['20.4.0', '20.3.0']],
  ['~8.1', ['8.1.9'], ['8.2.0']],
  ['~8.1', ['8.1.9', '8.4.0'], ['9.0.0', '8.0.0'], 'php'],
  ['>=3.9,<4', ['3.9.0', '3.13.1'], ['3.8.9', '4.0.0']],
  ['~=3.9', ['3.9.1', '3.13.0'], ['4.0.0', '3.8.0']],
  ['!=3.10.*,>=3.9', ['3.9.1', '3.11.0'], ['3.10.4']],
  ['==3.12.1', ['3.12.1'], ['3.12.2']],
  ['~> 3.2', ['3.2.0', '3.4.0'], ['4.0.0', '3.1.9']],
  ['~> 3.2.1', ['3.2.5'], ['3.3.0', '3.2.0']],
  ['ruby-3.3.0', ['3.3.0'], ['3.3.1']],
  ['temurin-17.0.9+9', ['17.0.9'], ['17.0.8']],
  ['8.1.* | 8.3.*', ['8.1.2', '8.3.0'], ['8.2.0']],
];

describe('versions that projects ask for', () => {
  for (const [asked, fitting, others, tool = 'node'] of rows)
    it(`${asked} of ${tool}`, () => {
      const means = (text: string) => satisfies(versionOf(text) ?? [], asked, tool);
      expect(fitting.filter((text) => !means(text))).to.deep.equal([]);
      expect(others.filter(means)).to.deep.equal([]);
    });

  it('are compared number by number', () => {
    expect(compareVersions([1, 10], [1, 9])).to.be.above(0);
    expect(compareVersions([1], [1, 0, 0])).to.equal(0);
    expect(versionOf('go1.22rc1')).to.deep.equal([1, 22]);
    expect(versionOf('stable')).to.equal(undefined);
  });
});
