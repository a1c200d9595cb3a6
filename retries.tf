locals {
  # A power too large for a number is infinite, of which `min` makes the longest delay.
  delays = [
    for retry in range(var.max_attempts) :
    min(var.backoff_max_delay_seconds, var.backoff_base_seconds * pow(var.backoff_rate, retry))
  ]
  # The longest that jitter makes of them. What crashes at the last attempt waits once more before SQS moves it.
  retries_seconds = var.initial_delay_seconds + sum([
    for delay in local.delays : min(var.backoff_max_delay_seconds, ceil(115 * delay / 100))
  ])
  # The shortest that jitter makes of the delays between the attempts, in whole seconds (table_sync.queue.backoff).
  retry_window_seconds = sum(concat([var.initial_delay_seconds], [
    for retry, delay in local.delays : max(var.backoff_base_seconds, floor((85 * delay + 50) / 100))
    if retry < var.max_attempts - 1
  ]))
  # An attempt on a table that is ready waits for AWS (table_sync.time_sharing.PASS_DELAYS), and its calls take time too.
  attempts_seconds = 34 * var.max_attempts
}
