output "topic_arn" {
  description = "ARN of the topic that is told outcomes and alarms: subscribe to it."
  value       = aws_sns_topic.restores.arn
}

output "rule_name" {
  description = "Name of the rule that sends outcomes to the topic: narrow its pattern to hear of failures only."
  value       = aws_cloudwatch_event_rule.outcomes.name
}

output "dlq_url" {
  description = "URL of the dead-letter queue, to look at when its alarm goes off."
  value       = module.table_sync.dlq_url
}
