import type { Entry, Evidence, Field, FieldValue, Finding, FindingView, Place, Text } from '../judge/types.d.ts';

/** An item or fact that a step records. `lacking`: the kinds of evidence that its acts do not have. */
export interface Part {
  what: string;
  thing: string | null;
  label: Text;
  by: 'technician' | 'customer';
  done: boolean;
  lacking: string[];
  /** It was done, and has to be done once more: the entries that count no longer then. */
  repeats?: string[];
}

/** What is said before something is recorded: it breaks an order of the norm, or is not theirs, or voids a signature. */
export interface Warning extends Text {
  kind: 'order' | 'attest' | 'signed';
}

/** What a technician gives with a tap: all of it optional. */
export interface Answers {
  photos?: { sha256: string; taken_at: string }[];
  text?: string;
  number?: string;
  fields?: Record<string, FieldValue>;
  place?: Place | null;
  signature?: Evidence;
  reason?: string;
  outcome?: string;
}

/** What a step asks for besides the tap. */
export interface Form {
  photo: boolean;
  /** A photo proves it better, and is not required. */
  photoToo: boolean;
  text: boolean;
  number: boolean;
  gps: boolean;
  signature: boolean;
  fields: Record<string, Field>;
}

/** Another answer than the one that the step suggests. `form`: what it needs. */
export interface Alternative {
  id: string;
  label: Text;
  needs: 'tap' | 'reason' | 'refusal';
  entries(answers: Answers): Partial<Entry>[];
}

export interface Step {
  id: string;
  stage: string;
  items: string[];
  facts: string[];
  thing: string | null;
  label: Text;
  done: boolean;
  /** Need not be done for this visit; may be. */
  optional: boolean;
  needs: 'tap' | 'photo' | 'text' | 'fields' | 'gps' | 'signature';
  form: Form;
  /** What would break if this were tapped now. */
  warning: Warning | null;
  /** When it was done, and by which entries. */
  recorded: Entry[];
  parts: Part[];
  alternatives: Alternative[];
  /** The place in the order of the norm, through all stages. */
  rank: number;
  entries(answers?: Answers): Partial<Entry>[];
}

/** `incident`: the fact and thing that made this stage, for stages of what happened besides. */
export interface Stage {
  id: string;
  title: Text;
  incident: { fact: string; thing: string | null } | null;
  steps: Step[];
}

/** Something that may happen besides the work. `answer`: what was said about it. */
export interface Incident {
  fact: string;
  label: Text;
  /** One of the eight big buttons. */
  main: boolean;
  /** Must be answered before leaving. */
  asked: boolean;
  perThing: boolean;
  answer: 'yes' | 'no' | null;
  suggestions: Text[];
  form: Form;
  /** What else is recorded with it, when it was so. */
  together: { label: Text; parts: string[] } | null;
}

/** `step`: what mends it; it is done already where something is to be done again. Null if it is not the technician's. */
export interface Missing {
  finding: Finding;
  view: FindingView;
  step: Step | null;
}
