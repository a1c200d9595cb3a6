# What the dashboard shows. The function writes the metrics of the namespace DynamoDBTableSync.

locals {
  dashboard_charts = [
    {
      title = "Restores"
      metrics = [
        ["DynamoDBTableSync", "InSync", "service", var.name, { label = "In sync", color = "#2ca02c" }],
        ["DynamoDBTableSync", "Failed", "service", var.name, { label = "Failed", color = "#d62728" }],
      ]
      stat    = "Sum"
      stacked = true
    },
    {
      title   = "Messages in the dead-letter queue"
      metrics = [["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${var.name}-dlq", { label = "Messages" }]]
      stat    = "Maximum"
      stacked = false
    },
    {
      title   = "Copied settings"
      metrics = [[{ expression = format(local.dashboard_search, "applied") }]]
      stat    = "Sum"
      stacked = true
    },
    {
      title   = "Failed settings"
      metrics = [[{ expression = format(local.dashboard_search, "failed") }]]
      stat    = "Sum"
      stacked = true
    },
    {
      title = "Messages in the queue"
      metrics = [
        for state, label in { Delayed = "Before the first attempt", NotVisible = "Between two attempts", Visible = "Due" } :
        ["AWS/SQS", "ApproximateNumberOfMessages${state}", "QueueName", var.name, { label = label }]
      ]
      stat    = "Maximum"
      stacked = false
    },
    {
      title   = "Attempts on tables that were not ready"
      metrics = [["DynamoDBTableSync", "Waiting", "service", var.name, { label = "Attempts" }]]
      stat    = "Sum"
      stacked = false
    },
    {
      title   = "Runs of the function"
      metrics = [for name in ["Invocations", "Errors", "Throttles"] : ["AWS/Lambda", name, "FunctionName", var.name]]
      stat    = "Sum"
      stacked = false
    },
    {
      title   = "Longest run in milliseconds"
      metrics = [["AWS/Lambda", "Duration", "FunctionName", var.name]]
      stat    = "Maximum"
      stacked = false
    },
  ]
  dashboard_search = "SEARCH('{DynamoDBTableSync,service,status} service=\"${var.name}\" status=\"%s\"', 'Sum', 300)"

  dashboard_body = jsonencode({
    widgets = concat(
      [
        {
          type   = "alarm"
          x      = 0
          y      = 0
          width  = 24
          height = 2
          properties = {
            title = "Alarms"
            alarms = [
              for alarm in concat(keys(local.alarms), keys(local.records_alarms)) :
              "${local.arn_prefix.cloudwatch}:alarm:${var.name}-${alarm}"
            ]
          }
        },
      ],
      [
        for number, chart in local.dashboard_charts : {
          type   = "metric"
          x      = number % 2 * 12
          y      = 2 + floor(number / 2) * 6
          width  = 12
          height = 6
          properties = merge(chart, {
            view   = "timeSeries"
            region = local.region
            period = 300
            yAxis  = { left = { min = 0 } }
          })
        }
      ],
      [
        {
          type   = "log"
          x      = 0
          y      = 2 + ceil(length(local.dashboard_charts) / 2) * 6
          width  = 24
          height = 6
          properties = {
            title  = "Latest outcomes"
            region = local.region
            view   = "table"
            query = join(" | ", [
              "SOURCE '/aws/lambda/${var.name}'",
              "filter outcome in ['in_sync', 'failed']",
              "parse target '*:table/*' as target_prefix, table",
              "parse source '*:table/*' as source_prefix, restored_from",
              "display @timestamp, outcome, table, restored_from, attempt, reason",
              "sort @timestamp desc",
              "limit 20",
            ])
          }
        },
      ],
    )
  })
}
