// The types of what the app uses of signals.
export interface ReadonlySignal<T> { readonly value: T; peek(): T; subscribe(react: (value: T) => void): () => void }
export interface Signal<T> extends ReadonlySignal<T> { value: T }
export function signal<T>(value: T): Signal<T>
export function signal<T>(): Signal<T | undefined>
export function computed<T>(make: () => T): ReadonlySignal<T>
export function effect(react: () => void | (() => void)): () => void
export function batch<T>(work: () => T): T
export function untracked<T>(work: () => T): T
export function useSignal<T>(value: T): Signal<T>
export function useComputed<T>(make: () => T): ReadonlySignal<T>
export function useSignalEffect(react: () => void | (() => void)): void
