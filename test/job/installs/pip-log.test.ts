import { expect } from 'chai';
import { indexAnswer } from '../../../src/job/installs/pip-log.ts';
import { installationBlame } from '../../../src/job/verdict/installation.ts';

const none = 'ERROR: Could not find a version that satisfies the requirement Some_Thing (from versions: none)';
const end = `2026-11-30T14:47:09,136 ${none}\n2026-11-30T14:47:09,151 ERROR: No matching distribution found for Some_Thing\n`;
const asked = (name: string, answer: string) =>
  `2026-11-30T14:47:09,115   Could not fetch URL http://index.example/simple/${name}/: ${answer} - skipping\n`;
const missing = '404 Client Error: Not Found for url: http://index.example/simple/some-thing/';
const broken = "HTTPConnectionPool: Max retries exceeded (Caused by ResponseError('too many 500 error responses'))";

describe('the log of pip about a package that is not found', () => {
  const cases: [what: string, log: string, answer: string | undefined, fault: string][] = [
    ['has no such package', asked('some-thing', missing) + end, '404', 'commit'],
    ['refuses access', asked('some-thing', '403 Client Error: Forbidden for url: x') + end, '403', 'outside'],
    ['is broken', asked('some-thing', broken) + end, '500', 'outside'],
    [
      'has no such package, while another one refuses access',
      asked('some-thing', missing) + asked('some-thing', '401 Client Error: Unauthorized for url: x') + end,
      '401',
      'outside',
    ],
    ['has no other package', asked('other-thing', missing) + end, undefined, 'outside'],
    ['was not asked', end, undefined, 'outside'],
  ];
  for (const [what, log, code, fault] of cases)
    it(`tells that the index ${what}`, () => {
      const answer = indexAnswer(log);
      expect(answer).to.equal(code && `the package index answers ${code} for some-thing`);
      const printed = `${none}\nERROR: No matching distribution found for Some_Thing\n[volt] ${answer}\n`;
      const blame = installationBlame(printed);
      expect(blame.fault, blame.what).to.equal(fault);
      expect(blame.what).to.match(/some.thing/i);
    });
});

describe('a package that has no version for the Python of the runner', () => {
  it('is the fault of the runner', () => {
    const ignored =
      'ERROR: Ignored the following versions that require a different python version: 1.0 Requires-Python >=3.99';
    const { fault, what } = installationBlame(`${ignored}\n${none}\n`);
    expect([fault, what]).to.deep.equal(['tool', 'pip finds no version of Some_Thing for the Python of the runner']);
  });
});
