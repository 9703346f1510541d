import { expect } from 'chai';
import { filledText, longestTemplate, templateValues, unknownValue } from '../../src/kernel/notice-template.ts';

describe('a template of a notice', () => {
  it('has values put in the place of their names, once: what somebody wrote into a value stays as it is', () => {
    const values = { ...templateValues, subject: '{reason} $& $1 <b>{author}</b>', author: '{url}' };
    const { headline, lines } = filledText({ title: '{subject}', text: 'by {author}\n{event}: {subject}' }, values);
    expect(headline).to.equal('{reason} $& $1 <b>{author}</b>');
    expect(lines).to.deep.equal(['by {url}', 'is broken: {reason} $& $1 <b>{author}</b>']);
  });

  it('is refused where it names no value, also one that every object has', () => {
    expect(unknownValue('{branch} of {repository}')).to.equal(undefined);
    for (const name of ['{brnach}', '{}', '{constructor}', '{__proto__}', '{secrets.TOKEN}'])
      expect(unknownValue(`{branch} ${name}`), name).to.equal(name);
  });

  it('makes lines without control characters, of a bounded number and length, however long the values are', () => {
    const long = `a\r\nBcc: eve@evil.example\u001b[31m\u202e${'x'.repeat(10_000)}`;
    const values = { ...templateValues, subject: long };
    const title = '{subject}'.repeat(20);
    const text = '{subject}\n'.repeat(200);
    expect([title.length <= longestTemplate.title, text.length <= longestTemplate.text]).to.deep.equal([true, true]);
    const { headline = '', lines = [] } = filledText({ title, text }, values);
    expect([headline.length, lines.length, ...new Set(lines.map((line) => line.length))]).to.deep.equal([300, 30, 500]);
    expect(`${headline}${lines.join('')}`).to.not.match(/[\p{Cc}\p{Cf}]/u);
  });

  it('leaves the text to Volt where its values say nothing', () => {
    expect(
      filledText({ title: '{reason}', text: '{reason}\n\n {tests}' }, { ...templateValues, reason: '', tests: '' }),
    ).to.deep.equal({});
  });
});
