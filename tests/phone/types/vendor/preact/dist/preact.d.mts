// The types of what the app uses of Preact.
export interface VNode { type: unknown }
export type Child = VNode | string | number | boolean | null | undefined | Child[] | { value: unknown }
export type Props<P> = P & { children?: Child; key?: string | number }
export abstract class Component<P = {}, S = {}> {
  constructor(props: Props<P>)
  props: Props<P>
  state: S
  setState(state: Partial<S>): void
  abstract render(props: Props<P>, state: S): Child
}
export function h(type: any, props: Record<string, any> | null, ...children: any[]): VNode
export const options: { debounceRendering?: (draw: () => void) => void }
export function render(node: Child, parent: Element): void
export function Fragment(props: { children?: Child }): VNode
