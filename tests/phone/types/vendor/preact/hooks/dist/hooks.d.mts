// The types of what the app uses of Preact's hooks.
export function useState<T>(first: T | (() => T)): [T, (next: T | ((before: T) => T)) => void]
export function useState<T>(): [T | undefined, (next: T | undefined | ((before: T | undefined) => T | undefined)) => void]
export function useEffect(effect: () => void | (() => void), inputs?: readonly unknown[]): void
export function useLayoutEffect(effect: () => void | (() => void), inputs?: readonly unknown[]): void
export function useRef<T>(first: T): { current: T }
export function useRef<T>(first: null): { current: T | null }
export function useMemo<T>(make: () => T, inputs: readonly unknown[]): T
export function useCallback<T extends (...given: any[]) => any>(callback: T, inputs: readonly unknown[]): T
export function useId(): string
