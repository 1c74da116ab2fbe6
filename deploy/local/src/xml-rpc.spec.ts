import { describe, expect, it } from '@jest/globals';
import { parseXml } from './xml-rpc.js';

const answer = (value: string): string =>
  `<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value>${value}</value>\n</param>\n</params>\n</methodResponse>\n`;

describe('an answer of supervisord', () => {
  it('is read whatever it is made of', () => {
    expect(parseXml(answer('<int>-3</int>'))).toBe(-3);
    expect(parseXml(answer('<boolean>1</boolean>'))).toBe(true);
    expect(parseXml(answer('<string>a &lt;b&gt; &amp;amp; c</string>'))).toBe('a <b> &amp; c');
    expect(parseXml(answer('<string></string>'))).toBe('');
    expect(parseXml(answer('untyped'))).toBe('untyped');
  });

  it('keeps the order and the nesting of arrays and structs', () => {
    const list = (...items: string[]): string =>
      `<array><data>\n${items.map((item) => `<value>${item}</value>\n`).join('')}</data></array>`;
    const member = (name: string, value: string): string =>
      `<member>\n<name>${name}</name>\n<value>${value}</value>\n</member>\n`;
    expect(parseXml(answer(list(list(), list('<string>a</string>', '<string>b</string>'))))).toEqual([
      [],
      ['a', 'b'],
    ]);
    const struct = `<struct>\n${member('name', '<string>edge</string>')}${member('pid', '<int>7</int>')}</struct>`;
    expect(parseXml(answer(list(struct, struct)))).toEqual([
      { name: 'edge', pid: 7 },
      { name: 'edge', pid: 7 },
    ]);
  });

  it('shows a fault as its struct', () => {
    const fault =
      '<methodResponse><fault><value><struct><member><name>faultCode</name><value><int>10</int></value></member>' +
      '<member><name>faultString</name><value><string>BAD_NAME</string></value></member></struct></value></fault></methodResponse>';
    expect(parseXml(fault)).toEqual({ faultCode: 10, faultString: 'BAD_NAME' });
  });
});
