/**
 * Conditions of items: `and or not`, `in`, `==`, `always`, and names of facts.
 *
 *     condition := conjunction ("or" conjunction)*        conjunction := term ("and" term)*
 *     term      := "not" term | "(" condition ")" | "always" | NAME [ "==" TEXT | "in" "(" TEXT,… ")" ]
 *
 * A condition is parsed once into a tree and compiled into a predicate over the set of true names; nothing is evaluated
 * as code. `visit_type == 'x'` is true when the set contains `visit_type=x`.
 */

const TOKEN = /\s*([a-z_][a-z0-9_]*|'[^']*'|==|[(),])/y;

/**
 * A node: `op` applied to `parts`, or a `name` that has to be true.
 * @typedef {{op: 'and' | 'or' | 'not', parts: Condition[]} | {op: 'name', name: string} | {op: 'always'}} Condition
 */
/** @typedef {(names: Set<string>) => boolean} Predicate */

/**
 * Parses a condition. SyntaxError if it is none.
 * @param {string} text
 * @returns {Condition}
 */
export function parse(text) {
  const tokens = tokenize(text);
  let position = 0;

  /** @param {string} token */
  const skip = token => {
    const found = tokens[position] === token;
    if (found) position += 1;
    return found;
  };
  const fail = () => new SyntaxError(`cannot read condition ${text}`);
  /** @param {string | undefined} token */
  const isText = token => token?.startsWith("'");

  /**
   * @param {'and' | 'or'} op
   * @param {() => Condition} operand
   * @returns {Condition}
   */
  const chain = (op, operand) => {
    const parts = [operand()];
    while (skip(op)) parts.push(operand());
    return parts.length === 1 ? parts[0] : { op, parts };
  };
  const disjunction = () => chain('or', () => chain('and', term));

  /** @returns {Condition} */
  function term() {
    if (skip('not')) return { op: 'not', parts: [term()] };
    if (skip('(')) {
      const inner = disjunction();
      if (!skip(')')) throw fail();
      return inner;
    }
    if (skip('always')) return { op: 'always' };
    const name = tokens[position++];
    if (!/^[a-z]/.test(name ?? '') || name === 'and' || name === 'or' || name === 'in') throw fail();
    if (skip('==')) {
      const value = tokens[position++];
      if (!isText(value)) throw fail();
      return { op: 'name', name: `${name}=${value.slice(1, -1)}` };
    }
    if (!skip('in')) return { op: 'name', name };
    const end = tokens.indexOf(')', position);
    if (!skip('(') || end < 0) throw fail();
    const values = tokens.slice(position, end).filter(isText);
    position = end + 1;
    return { op: 'or', parts: values.map(value => ({ op: 'name', name: `${name}=${value.slice(1, -1)}` })) };
  }

  const condition = disjunction();
  if (position < tokens.length) throw fail();
  return condition;
}

/** @param {string} text */
function tokenize(text) {
  const tokens = [];
  const rest = text.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < rest.length) {
    const found = TOKEN.exec(rest);
    if (!found) throw new SyntaxError(`cannot read condition ${text}`);
    tokens.push(found[1]);
  }
  return tokens;
}

/**
 * A predicate over the set of true names.
 * @param {Condition} condition
 * @returns {Predicate}
 */
export function compile(condition) {
  if (condition.op === 'always') return () => true;
  if (condition.op === 'name') return names => names.has(condition.name);
  const tests = condition.parts.map(compile);
  if (condition.op === 'not') return names => !tests[0](names);
  return condition.op === 'and'
    ? names => tests.every(test => test(names))
    : names => tests.some(test => test(names));
}
